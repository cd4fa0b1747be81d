import { useMemo } from 'react';
import type { BaseImageReport } from '#contract';
import { Button } from '../../components/button.tsx';
import { FirstItems } from '../../components/first-items.tsx';
import { Icon } from '../../components/icons.tsx';
import { Size } from '../../components/size.tsx';
import { goTo, showImage } from '../../state/choosing.ts';
import { timeText } from '../../state/details/time-text.ts';
import { adoptBase } from '../../state/stores/store-actions.ts';
import { type SharedBase, sharedBases } from '../../state/stores/stores.ts';
import { lineName, titleText } from '../../words/cut.ts';
import { words } from '../../words/index.ts';
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
  const windows = system === 'win32' || count > 0;
  if (!windows && shared.length === 0) return null;
  return (
    <section className={item.group} aria-label={windows ? words.store.bases : words.store.sharedBases}>
      <header className={item.groupHead}>
        <h3 className={styles.heading}>{windows ? words.store.bases : words.store.sharedBases}</h3>
      </header>
      {windows && count === 0 ? <p className={styles.sentence}>{words.store.noBases}</p> : null}
      {bases.map(({ storeId, images }) =>
        images.map((image) => <SharedImage key={`${storeId} ${image.id}`} storeId={storeId} image={image} />),
      )}
      {shared.length === 0 ? null : (
        <ul className={item.list} aria-label={words.store.sharedBases}>
          <FirstItems items={shared}>{(base) => <SharedLayers key={base.key} base={base} />}</FirstItems>
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
      {created === '' ? null : <dd title={created}>{words.store.created(timeText(created, 'day'))}</dd>}
      <dd className={styles.path} title={path}>
        {path}
      </dd>
      <dd>
        {adopted ? (
          words.store.isAdopted
        ) : (
          <Button kind="quiet" onPress={() => void adoptBase(storeId, id, name)}>
            {words.store.adopt}
          </Button>
        )}
      </dd>
    </dl>
  );
}

function SharedLayers({ base }: { base: SharedBase }) {
  const { layers, images, sizeBytes, shown } = base;
  return (
    <li className={item.line}>
      <button
        type="button"
        className={item.image}
        title={titleText(images.join('\n'))}
        disabled={shown === null}
        onClick={() => {
          if (shown === null) return;
          showImage(shown.archiveId, shown.image);
          goTo(layers - 1, null);
        }}
      >
        <Icon name="image" className={item.icon ?? ''} />
        <span className={item.words}>
          <span className={item.title}>{words.store.sharedBase(layers, images.length)}</span>
          <span className={item.sub}>
            {words.list([...images.slice(0, 3).map((name) => lineName(name)), ...(images.length > 3 ? ['…'] : [])])} ·{' '}
            <Size bytes={sizeBytes} />
          </span>
        </span>
      </button>
    </li>
  );
}
