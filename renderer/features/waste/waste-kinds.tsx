import type { ImageSummary, WasteKindReport, WastePlaceReport } from '#contract';
import { displayPath, unescapePath } from '#model';
import { phrase } from '../../components/phrase.tsx';
import { Size, sizeTitle } from '../../components/size.tsx';
import { plainCommand } from '../../state/chain.ts';
import { goTo } from '../../state/choosing.ts';
import { words } from '../../words/index.ts';
import { LayerLinks } from './layer-links.tsx';
import styles from './waste-panel.module.css';

/** What the image could do without, by kind, with advice. Removed files are left out: they are listed by what hid them. */
export function WasteKinds({ kinds, image }: { kinds: readonly WasteKindReport[]; image: ImageSummary }) {
  const shown = kinds.filter(({ code }) => code !== 'waste-removed-later');
  return shown.map((kind) => <Kind key={kind.code} kind={kind} image={image} />);
}

function Kind({ kind, image }: { kind: WasteKindReport; image: ImageSummary }) {
  const { code, bytes, count, places } = kind;
  const listed = places.reduce((sum, place) => sum + place.bytes, 0);
  const largest = Math.max(1, places[0]?.bytes ?? 0);
  return (
    <section className={styles.files} aria-label={words.waste.kindLabel(code)}>
      <h3 className={styles.cause}>{phrase(words.waste.kind(code, <Size bytes={bytes} />))}</h3>
      <p className={styles.hint}>{words.waste.kindAdvice(code)}</p>
      <ul>
        {places.map((place) => (
          <Place key={`${place.layer} ${place.path}`} place={place} image={image} largest={largest} />
        ))}
      </ul>
      {places.length < count ? (
        <p className={styles.rest}>{phrase(words.waste.moreFiles(count - places.length, <Size bytes={bytes - listed} />))}</p>
      ) : null}
    </section>
  );
}

function Place({ place, image, largest }: { place: WastePlaceReport; image: ImageSummary; largest: number }) {
  const { path, layer, bytes, removedIn, of } = place;
  const name = path === null ? words.waste.manyPlaces : displayPath(unescapePath(path));
  const command = plainCommand(image.layers[layer]?.createdBy ?? null) ?? words.commandUnknown;
  return (
    <li className={styles.file}>
      <button type="button" className={styles.line} title={words.waste.kindPlace(name, sizeTitle(bytes))} onClick={() => goTo(layer, path)}>
        <Size bytes={bytes} className={styles.size} />
        <span className={styles.share}>
          <i style={{ width: `${Math.max(2, (bytes / largest) * 100)}%` }} />
        </span>
        <span className={styles.path}>
          <bdi>{name}</bdi>
        </span>
      </button>
      <span className={styles.written}>
        {phrase(words.waste.inLayer(<LayerLinks layers={[layer]} path={path} />))}
        {removedIn === undefined ? null : phrase(words.waste.removedIn(<LayerLinks layers={[removedIn]} path={path} />))}
        {of === undefined ? null : words.waste.sameAs(displayPath(unescapePath(of)))}
        <span className={styles.command} title={command}>
          {command}
        </span>
      </span>
    </li>
  );
}
