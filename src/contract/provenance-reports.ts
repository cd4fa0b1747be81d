// Where paths and layers come from. Nothing is verified unless a report says so.
import type { AttestationReport } from '#model';

/** Lines of a file, counted from 1, both ends inclusive. */
export type LineRange = readonly [first: number, last: number];

/** Lines of the Dockerfile that made a layer, according to its provenance. */
export interface DockerfileReport {
  readonly file: string;
  /** Sorted; adjacent ranges are joined. */
  readonly lines: readonly LineRange[];
  /** Lines of other stages that made the files which the instructions in `lines` copied or mounted. */
  readonly from: readonly LineRange[];
  /** Name or number of the stage with the lines; null if there is only one. */
  readonly stage: string | null;
  /** The base of the stage with the lines, as in its FROM. */
  readonly stageBase: string | null;
  /** The stages of the lines in `from`, each once. */
  readonly fromStages: readonly string[];
  /** The base of each of `fromStages`. */
  readonly fromStageBases: readonly string[];
  /** How the layer was found in the provenance: by its digest or, if digests were rewritten, by position. */
  readonly by: 'digest' | 'position';
  /** Text of `lines`, joined by line feeds. */
  readonly text: string;
  /** Text of the lines in `from`, also joined by line feeds. */
  readonly fromText: string;
}

/** Lines of a Dockerfile that the user gave, whose text matches a layer's command. Other Dockerfiles may have the same lines. */
interface GuessReport extends Omit<DockerfileReport, 'by'> {
  readonly by: 'text';
}

/** Where a layer comes from. */
export interface LayerSource {
  readonly createdBy: string | null;
  /** Null if no provenance states the lines. */
  readonly dockerfile: DockerfileReport | null;
  /** The base image that the layer belongs to, as named in the provenance. */
  readonly base: string | null;
  /** Set if the user gave a Dockerfile; null if no line of it matches. */
  readonly guess?: GuessReport | null;
}

/** A package that owns a path. */
export interface PackageOwner {
  /** As in package URLs, such as `deb`. */
  readonly type: string;
  readonly name: string;
  readonly arch: string | null;
  readonly version: string;
  /** The database that lists the package. */
  readonly location: string;
}

/** A package with files in a folder. */
interface PackageInFolder extends PackageOwner {
  /** Number and total size of the package's files at or below the folder. */
  readonly files: number;
  readonly bytes: number;
}

/** The owners of the files in a folder. */
export interface FolderPackages {
  /** Heaviest first; at most 100. */
  readonly packages: readonly PackageInFolder[];
  /** Number of packages with files in the folder. */
  readonly count: number;
  /** Number and total size of the files that no package owns. */
  readonly unownedFiles: number;
  readonly unownedBytes: number;
}

/** What a layer did to a path. */
export interface PathVersionReport extends LayerSource {
  readonly layer: number;
  readonly kind: 'added' | 'modified' | 'removed';
  /** Absent for removals. */
  readonly type?: string;
  readonly size?: number;
  /** As in `changes --json`. */
  readonly mode?: string;
}

/** The output of `why --json`. `layer` and the fields of LayerSource are those of the last of `versions`. */
export interface WhyReport extends LayerSource {
  /** As printed by escapePath. */
  readonly path: string;
  /** Absent if the path is UTF-8. */
  readonly pathHex?: string;
  /** Whether the path is visible in the top view. */
  readonly shown: boolean;
  readonly layer: number;
  readonly package: PackageOwner | null;
  /** Set for a folder. */
  readonly inFolder?: FolderPackages;
  /** Whether a provenance is attached to the image: one with lines of a Dockerfile, one without, as in BuildKit's mode `min`, or none. */
  readonly provenance: 'with-lines' | 'without-lines' | 'none';
  /** Lowest layer first. */
  readonly versions: readonly PathVersionReport[];
}

/** What BuildKit's provenance states about a build. Strings are safe to show. */
export interface ProvenanceReport {
  readonly version: 'v1' | 'v0.2';
  readonly builder: string | null;
  readonly buildType: string | null;
  readonly source: { readonly uri: string | null; readonly revision: string | null; readonly path: string | null };
  readonly parameters: readonly { readonly name: string; readonly value: string }[];
  readonly materials: readonly { readonly uri: string; readonly digest: string | null }[];
  readonly started: string | null;
  readonly finished: string | null;
  /** The Dockerfile; null in mode `min`. At most 65,536 characters. */
  readonly dockerfile: { readonly name: string; readonly text: string } | null;
}

/** Contents of an SBOM. Strings are safe to show. */
export interface SbomReport {
  readonly format: 'SPDX' | 'CycloneDX';
  readonly version: string | null;
  readonly name: string | null;
  readonly created: string | null;
  readonly tools: readonly string[];
  /** Only the first packages; `packageCount` counts all. */
  readonly packages: readonly { readonly name: string; readonly version: string | null; readonly license: string | null }[];
  readonly packageCount: number;
  readonly files: number;
}

/** A statement about an image, with as much of its content as could be read. */
export interface StatedReport extends AttestationReport {
  readonly provenance: ProvenanceReport | null;
  readonly sbom: SbomReport | null;
  /** Why the statement couldn't be read; null if it could. */
  readonly problem: string | null;
}

/** A file of an artifact. Strings are safe to show. */
export interface ArtifactFileReport {
  readonly name: string | null;
  readonly mediaType: string | null;
  readonly digest: string | null;
  readonly size: number;
  readonly isHere: boolean;
}
