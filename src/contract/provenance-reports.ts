// Where paths and layers come from. Nothing is verified, unless a report says so.
import type { AttestationReport } from '#model';

/** Lines of a file, counted from 1, both ends included. */
export type LineRange = readonly [first: number, last: number];

/** Lines of the Dockerfile that made a layer, according to a provenance. */
export interface DockerfileReport {
  readonly file: string;
  /** Sorted; adjacent ranges are joined. */
  readonly lines: readonly LineRange[];
  /** Lines of other stages that made what was copied or mounted. */
  readonly from: readonly LineRange[];
  /** Name or number of the stage that the lines are in; null if there is only one. */
  readonly stage: string | null;
  /** What that stage is built on, as its FROM says. */
  readonly stageBase: string | null;
  /** Those that `from` is in, each once. */
  readonly fromStages: readonly string[];
  /** What each of `fromStages` is built on. */
  readonly fromStageBases: readonly string[];
  /** How the layer was found in the provenance: by its digest or, if digests were rewritten, by its position. */
  readonly by: 'digest' | 'position';
  /** The `lines`, joined by line feeds. */
  readonly text: string;
  /** The lines of `from`, joined likewise. */
  readonly fromText: string;
}

/** Lines of a Dockerfile that the user gave, which have the text of a layer's command. Any Dockerfile may have the same lines. */
interface GuessReport extends Omit<DockerfileReport, 'by'> {
  readonly by: 'text';
}

/** Where a layer comes from. */
export interface LayerSource {
  readonly createdBy: string | null;
  /** Null if no provenance states it. */
  readonly dockerfile: DockerfileReport | null;
  /** The base image that the layer belongs to, as named in the provenance. */
  readonly base: string | null;
  /** Set if the user gave a Dockerfile; null if no line of it matches. */
  readonly guess?: GuessReport | null;
}

/** A package that owns a path. */
export interface PackageOwner {
  /** As in package URLs: `deb`. */
  readonly type: string;
  readonly name: string;
  readonly arch: string | null;
  readonly version: string;
  /** The database that lists it. */
  readonly location: string;
}

/** A package with files in a folder. */
interface PackageInFolder extends PackageOwner {
  /** Files at or below the folder that it owns, and their bytes. */
  readonly files: number;
  readonly bytes: number;
}

/** Whose files are in a folder. */
export interface FolderPackages {
  /** The heaviest first; at most 100. */
  readonly packages: readonly PackageInFolder[];
  /** Number of packages with files in the folder. */
  readonly count: number;
  /** Files that no package owns, and their bytes. */
  readonly unownedFiles: number;
  readonly unownedBytes: number;
}

/** What a layer made of a path. */
export interface PathVersionReport extends LayerSource {
  readonly layer: number;
  readonly kind: 'added' | 'modified' | 'removed';
  /** Absent for removals. */
  readonly type?: string;
  readonly size?: number;
  /** As in `changes --json`. */
  readonly mode?: string;
}

/** The whole of `why --json`. `layer` and the fields of LayerSource are those of the last version. */
export interface WhyReport extends LayerSource {
  /** As escapePath prints it. */
  readonly path: string;
  /** Absent if the path is UTF-8. */
  readonly pathHex?: string;
  /** Whether the top view has it. */
  readonly shown: boolean;
  readonly layer: number;
  readonly package: PackageOwner | null;
  /** Set for a folder. */
  readonly inFolder?: FolderPackages;
  /** What is attached to the image: a provenance with lines of a Dockerfile, one without, as in BuildKit's mode `min`, or none. */
  readonly provenance: 'with-lines' | 'without-lines' | 'none';
  /** Lowest layer first. */
  readonly versions: readonly PathVersionReport[];
}

/** What BuildKit's provenance says about a build. Texts are safe to show. */
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

/** What an SBOM lists. Texts are safe to show. */
export interface SbomReport {
  readonly format: 'SPDX' | 'CycloneDX';
  readonly version: string | null;
  readonly name: string | null;
  readonly created: string | null;
  readonly tools: readonly string[];
  /** The first ones; `packageCount` counts all. */
  readonly packages: readonly { readonly name: string; readonly version: string | null; readonly license: string | null }[];
  readonly packageCount: number;
  readonly files: number;
}

/** A statement about an image, as far as it could be read. */
export interface StatedReport extends AttestationReport {
  readonly provenance: ProvenanceReport | null;
  readonly sbom: SbomReport | null;
  /** Why it could not be read; null if it could. */
  readonly problem: string | null;
}

/** A file of an artifact. Texts are safe to show. */
export interface ArtifactFileReport {
  readonly name: string | null;
  readonly mediaType: string | null;
  readonly digest: string | null;
  readonly size: number;
  readonly isHere: boolean;
}
