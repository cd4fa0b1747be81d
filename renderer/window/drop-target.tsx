import { type DragEvent, type ReactNode, useRef, useState } from 'react';
import { useApp } from '../features/use-app.ts';
import { giveDockerfile } from '../state/dockerfile.ts';
import { type DropOffer, offerFor } from '../state/drop.ts';
import { isDockerfileName } from '../state/given-dockerfile.ts';
import { imageTitle, lastPart } from '../state/library.ts';
import { offerName } from '../state/open-name/open-name-actions.ts';
import { listFailure, openFiles } from '../state/opening.ts';
import { type Selection, type Side, selectedImage } from '../state/selection.ts';
import { words } from '../words/index.ts';
import styles from './drop-target.module.css';

function halfOf({ clientX }: DragEvent): 'left' | 'right' {
  return clientX < window.innerWidth / 2 ? 'left' : 'right';
}

/** Returns what a dropped file is compared with: side A of the comparison on screen, or else the whole image on screen. */
function wholeSide({ archiveId, image, mode, against }: Selection, layers: number): Side | null {
  if (mode === 'compare' && against !== undefined) return against;
  return archiveId === null ? null : { archiveId, image, layer: Math.max(0, layers - 1) };
}

/** Whether text is being dragged. The text can't be read before it is dropped. */
function mayBeName({ dataTransfer }: DragEvent): boolean {
  return dataTransfer.types.includes('text/plain') && [...dataTransfer.items].every(({ kind }) => kind !== 'file');
}

/** Makes the whole window accept drops, and shows what a drop will do while something is dragged over it. */
export function DropTarget({ children }: { children: ReactNode }) {
  const [offer, setOffer] = useState<DropOffer | null>(null);
  const [half, setHalf] = useState<'left' | 'right'>('left');
  const selection = useApp((app) => app.selection);
  const archives = useApp((app) => app.archives);
  const shown = selectedImage(archives ?? [], selection);
  const shownName = shown?.image.loaded ? lastPart(imageTitle(shown.archive, shown.image)) : null;
  const imports = useApp((app) => app.layout.onOpen === 'import' && app.stores !== null);
  const depth = useRef(0);

  function look(event: DragEvent): DropOffer | null {
    return offerFor(
      [...event.dataTransfer.items].map(({ kind, type }) => ({ kind, type })),
      shownName,
      imports,
    );
  }
  function onDragEnter(event: DragEvent) {
    depth.current++;
    setOffer(look(event));
    event.preventDefault();
  }
  function onDragOver(event: DragEvent) {
    event.preventDefault();
    setHalf(halfOf(event));
    // Files that can't be archives are accepted, too, so that the window can report why they can't be opened.
    event.dataTransfer.dropEffect = look(event) !== null || mayBeName(event) ? 'copy' : 'none';
  }
  function onDragLeave() {
    depth.current = Math.max(0, depth.current - 1);
    if (depth.current === 0) setOffer(null);
  }
  function onDrop(event: DragEvent) {
    event.preventDefault();
    depth.current = 0;
    setOffer(null);
    if (mayBeName(event)) {
      offerName(event.dataTransfer.getData('text/plain'));
      return;
    }
    const isWrong = look(event)?.accepts === false;
    const compares = look(event)?.compares !== undefined && halfOf(event) === 'right';
    const items = [...event.dataTransfer.items].filter(({ kind }) => kind === 'file');
    const web = window.layerscope === undefined;
    const files: File[] = [];
    for (const item of items) {
      const file = item.getAsFile();
      if (file === null) continue;
      if (web && item.webkitGetAsEntry()?.isDirectory === true) {
        listFailure(file.name, {
          code: 'UNSUPPORTED',
          message: words.frame.folderInBrowser,
        });
      } else if (isDockerfileName(file.name)) void giveDockerfile(file);
      else if (isWrong) listFailure(file.name, { code: 'NOT_AN_IMAGE', message: words.frame.notArchives(1) });
      else files.push(file);
    }
    openFiles(files, compares ? wholeSide(selection, shown?.image.layers.length ?? 1) : null);
  }

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: Open… does the same by keyboard
    <div className={styles.target} onDragEnter={onDragEnter} onDragOver={onDragOver} onDragLeave={onDragLeave} onDrop={onDrop}>
      {children}
      {offer === null ? null : (
        <div className={`${styles.veil} ${offer.accepts ? '' : styles.wrong}`}>
          <p className={`${styles.text} ${offer.compares !== undefined && half === 'right' ? styles.other : ''}`}>{offer.text}</p>
          {offer.compares === undefined ? null : (
            <p className={`${styles.text} ${half === 'left' ? styles.other : ''}`}>{offer.compares}</p>
          )}
        </div>
      )}
    </div>
  );
}
