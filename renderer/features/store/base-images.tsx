import { useMemo } from 'react';
import type { BaseImageReport } from '#contract';
import { Button } from '../../components/button.tsx';
import { Icon } from '../../components/icons.tsx';
import { Size } from '../../components/size.tsx';
import { goTo, showImage } from '../../state/choosing.ts';
import { adoptBase } from '../../state/stores/store-actions.ts';
import { type SharedBase, sharedBases } from '../../state/stores/stores.ts';
import { countOf } from '../../state/words.ts';
import item from '../list-item.module.css';
import { useApp } from '../use-app.ts';
import styles from './store.module.css';

/** Windows' shared base images, and the lowest layers that several images share. */
export function BaseImages() {
  const stores = useApp((app) => app.stores);
  const archives = useApp((app) => app.archives);
  const bases = useApp((app) => app.bases);
  const system = useApp((app) => app.info?.system);
  const shared = useMemo(() => sharedBases(archives ?? [], stores ?? []), [archives, stores]);
  if (stores === null) return null;
  const count = bases.reduce((sum, { images }) => sum + images.length, 0);
  return (
    <section className={item.group} aria-label="Base images">
      <header className={item.groupHead}>
        <h3 className={styles.heading}>Base images</h3>
      </header>
      {count > 0 ? null : (
        <p className={styles.sentence}>
          {system === 'win32' ? 'No shared base images on this system.' : 'Shared base images are a Windows feature.'}
        </p>
      )}
      {bases.map(({ storeId, images }) =>
        images.map((image) => <SharedImage key={`${storeId} ${image.id}`} storeId={storeId} image={image} />),
      )}
      {shared.length === 0 ? null : (
        <ul className={item.list} aria-label="Shared bases">
          {shared.map((base) => (
            <SharedLayers key={base.key} base={base} />
          ))}
        </ul>
      )}
    </section>
  );
}

function SharedImage({ storeId, image }: { storeId: string; image: BaseImageReport }) {
  const { id, name, version, path, sizeBytes, created, adopted } = image;
  return (
    <dl className={styles.base}>
      <dt>
        {adopted ? <Icon name="check" size={12} /> : null} {name}
      </dt>
      <dd>
        {version} · <Size bytes={sizeBytes} />
      </dd>
      {created === '' ? null : <dd>created {created.slice(0, 10)}</dd>}
      <dd className={styles.path} title={path}>
        {path}
      </dd>
      <dd>
        {adopted ? (
          'Adopted as a layer of the store'
        ) : (
          <Button kind="quiet" onPress={() => void adoptBase(storeId, id, name)}>
            Adopt
          </Button>
        )}
      </dd>
    </dl>
  );
}

function SharedLayers({ base }: { base: SharedBase }) {
  const { layers, images, sizeBytes, shown } = base;
  const words = `Shared base (${countOf(layers, 'layer')}, ${countOf(images.length, 'image')})`;
  return (
    <li className={item.line}>
      <button
        type="button"
        className={item.image}
        title={images.join('\n')}
        disabled={shown === null}
        onClick={() => {
          if (shown === null) return;
          showImage(shown.archiveId, shown.image);
          goTo(layers - 1, null);
        }}
      >
        <Icon name="image" className={item.icon ?? ''} />
        <span className={item.words}>
          <span className={item.title}>{words}</span>
          <span className={item.sub}>
            {images.slice(0, 3).join(', ')}
            {images.length > 3 ? ', …' : ''} · <Size bytes={sizeBytes} />
          </span>
        </span>
      </button>
    </li>
  );
}
