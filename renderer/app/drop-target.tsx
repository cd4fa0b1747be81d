import { type DragEvent, type ReactNode, useRef, useState } from 'react';
import { type DropOffer, offerFor } from './drop-state.ts';
import styles from './drop-target.module.css';
import { openFiles, refuseDrop } from './opening.ts';

/** The whole window takes drops, and says what will happen while something is over it. */
export function DropTarget({ children }: { children: ReactNode }) {
  const [offer, setOffer] = useState<DropOffer | null>(null);
  const depth = useRef(0);

  function look(event: DragEvent): DropOffer | null {
    return offerFor([...event.dataTransfer.items].map(({ kind, type }) => ({ kind, type })));
  }
  function onDragEnter(event: DragEvent) {
    depth.current++;
    setOffer(look(event));
    event.preventDefault();
  }
  function onDragOver(event: DragEvent) {
    event.preventDefault();
    event.dataTransfer.dropEffect = look(event)?.accepts ? 'copy' : 'none';
  }
  function onDragLeave() {
    depth.current = Math.max(0, depth.current - 1);
    if (depth.current === 0) setOffer(null);
  }
  function onDrop(event: DragEvent) {
    event.preventDefault();
    depth.current = 0;
    setOffer(null);
    const items = [...event.dataTransfer.items].filter(({ kind }) => kind === 'file');
    const web = window.layerscope === undefined;
    const files: File[] = [];
    for (const item of items) {
      const file = item.getAsFile();
      if (file === null) continue;
      if (web && item.webkitGetAsEntry()?.isDirectory === true) {
        refuseDrop(file.name, {
          code: 'UNSUPPORTED',
          message: 'A browser hands over no folders: name it to the program (layerscope serve FOLDER), or drop a tar of it',
        });
      } else files.push(file);
    }
    openFiles(files);
  }

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: dropping has its twin in Open…
    <div className={styles.target} onDragEnter={onDragEnter} onDragOver={onDragOver} onDragLeave={onDragLeave} onDrop={onDrop}>
      {children}
      {offer === null ? null : (
        <div className={`${styles.veil} ${offer.accepts ? '' : styles.wrong}`}>
          <p className={styles.text}>{offer.text}</p>
        </div>
      )}
    </div>
  );
}
