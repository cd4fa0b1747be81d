import { IconButton } from '../../components/button.tsx';
import { FirstItems } from '../../components/first-items.tsx';
import { Icon } from '../../components/icons.tsx';
import { closeCatalog, showCatalog } from '../../state/catalog/catalog-actions.ts';
import { shortTitle } from '../../state/library.ts';
import { words } from '../../words/index.ts';
import item from '../list-item.module.css';
import { useApp } from '../use-app.ts';
import styles from './library-pane.module.css';

/** Open catalogs. */
export function CatalogGroup() {
  const catalogs = useApp((app) => app.catalogs) ?? [];
  const shown = useApp((app) => app.selection.catalog?.catalogId);
  if (catalogs.length === 0) return null;
  return (
    <section className={item.group} aria-label={words.catalog.group}>
      <header className={item.groupHead}>
        <h3>{words.catalog.group}</h3>
      </header>
      <ul>
        <FirstItems items={catalogs}>
          {({ catalogId, title, folder, images }) => (
            <li key={catalogId} className={`${item.line} ${catalogId === shown ? item.current : ''}`}>
              <button
                type="button"
                className={item.image}
                aria-current={catalogId === shown ? 'true' : undefined}
                title={`${folder}/${title}`}
                onClick={() => showCatalog(catalogId)}
              >
                <Icon name="catalog" className={item.icon ?? ''} />
                <span className={item.words}>
                  <span className={item.title}>{title}</span>
                  <span className={item.sub}>{words.catalog.holds(images)}</span>
                </span>
              </button>
              <IconButton
                small
                className={item.close}
                label={words.catalog.close(title)}
                icon="close"
                onPress={() => void closeCatalog(catalogId)}
              />
            </li>
          )}
        </FirstItems>
      </ul>
    </section>
  );
}

/** Open catalogs in a narrow library. */
export function CatalogIcons() {
  const catalogs = useApp((app) => app.catalogs) ?? [];
  const shown = useApp((app) => app.selection.catalog?.catalogId);
  return catalogs.map(({ catalogId, title }) => (
    <span key={catalogId} className={styles.railItem}>
      <IconButton
        className={catalogId === shown ? styles.currentIcon : undefined}
        label={title}
        caption={shortTitle(title)}
        icon="catalog"
        pressed={catalogId === shown}
        onPress={() => showCatalog(catalogId)}
      />
    </span>
  ));
}
