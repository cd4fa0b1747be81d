import type { ReactNode } from 'react';
import { Button } from '../components/button.tsx';
import { Segmented } from '../components/segmented.tsx';
import { Sheet, SheetHead } from '../components/sheet.tsx';
import { useApp } from '../features/use-app.ts';
import { setLayout } from '../state/app-state.ts';
import { setOverlay } from '../state/commands.ts';
import { isMac } from '../state/key-names.ts';
import { PREVIEW_TEXT } from '../state/layout.ts';
import { addStore } from '../state/stores/store-actions.ts';
import { storeTitle } from '../state/stores/stores.ts';
import { words } from '../words/index.ts';
import styles from './settings-sheet.module.css';

const close = () => setOverlay('none');

function optionsOf<T extends string>(labels: Readonly<Record<T, string>>): readonly { readonly value: T; readonly label: string }[] {
  return (Object.keys(labels) as T[]).map((value) => ({ value, label: labels[value] }));
}

const THEMES = optionsOf(words.settings.themes);
const UNITS = optionsOf(words.settings.unitNames);
const MODIFIED = optionsOf(words.settings.modified);
const OPENED = optionsOf(words.settings.opened);
const WRAP = optionsOf(words.settings.wrap);
const SIZES = PREVIEW_TEXT.map((size) => ({ value: String(size), label: words.settings.previewSize(size) }));

/** The user's settings. Every choice applies immediately. */
export function SettingsSheet() {
  const layout = useApp((app) => app.layout);
  const info = useApp((app) => app.info);
  return (
    <Sheet label={words.settings.title} onClose={close}>
      <SheetHead title={words.settings.title} close={words.settings.close} onClose={close} />
      <div className={styles.body}>
        <Group title={words.settings.groups.look}>
          <Line label={words.settings.theme}>
            <Segmented label={words.settings.theme} value={layout.theme} options={THEMES} onChange={(theme) => setLayout({ theme })} />
          </Line>
          <Line label={words.settings.units} why={words.settings.unitsWhy[layout.units]}>
            <Segmented label={words.settings.units} value={layout.units} options={UNITS} onChange={(units) => setLayout({ units })} />
          </Line>
        </Group>
        <Group title={words.settings.groups.files}>
          <Line label={words.settings.previewText} why={words.settings.zoom(isMac)}>
            <Segmented
              label={words.settings.previewText}
              value={String(layout.previewText)}
              options={SIZES}
              onChange={(size) => setLayout({ previewText: PREVIEW_TEXT.find((each) => String(each) === size) ?? 12 })}
            />
          </Line>
          <Line label={words.settings.wraps}>
            <Segmented
              label={words.settings.wraps}
              value={layout.wraps ? 'wrap' : 'scroll'}
              options={WRAP}
              onChange={(value) => setLayout({ wraps: value === 'wrap' })}
            />
          </Line>
          <Line label={words.settings.modifiedAs}>
            <Segmented
              label={words.settings.modifiedAs}
              value={layout.modifiedAs}
              options={MODIFIED}
              onChange={(modifiedAs) => setLayout({ modifiedAs })}
            />
          </Line>
        </Group>
        <Group title={words.settings.groups.images}>
          <Line label={words.settings.onOpen}>
            <Segmented label={words.settings.onOpen} value={layout.onOpen} options={OPENED} onChange={(onOpen) => setLayout({ onOpen })} />
          </Line>
          <Places />
        </Group>
        {info === null ? null : <p className={styles.version}>{words.settings.version(info.version)}</p>}
      </div>
    </Sheet>
  );
}

function Group({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className={styles.group} aria-label={title}>
      <h3 className={styles.heading}>{title}</h3>
      {children}
    </section>
  );
}

function Line({ label, why, children }: { label: string; why?: string; children: ReactNode }) {
  return (
    <div className={styles.line}>
      <span className={styles.label}>{label}</span>
      <div className={styles.choice}>
        {children}
        {why === undefined ? null : <p className={styles.why}>{why}</p>}
      </div>
    </div>
  );
}

/** The stores' folders, in which images are looked for. */
function Places() {
  const stores = useApp((app) => app.stores);
  const isDesktop = useApp((app) => app.info?.host === 'electron');
  return (
    <Line label={words.settings.places} why={words.settings.placesWhy}>
      <ul className={styles.places} aria-label={words.settings.places}>
        {(stores ?? []).map((store) => (
          <li key={store.storeId} className={`${styles.place} selectable`} title={storeTitle(store)}>
            {store.home}
          </li>
        ))}
        {stores !== null && stores.length === 0 ? <li className={styles.why}>{words.settings.noPlaces}</li> : null}
      </ul>
      {isDesktop ? (
        <Button icon="plus" onPress={() => void addStore()}>
          {words.settings.addPlace}
        </Button>
      ) : null}
    </Line>
  );
}
