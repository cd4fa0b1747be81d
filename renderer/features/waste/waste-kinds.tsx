import type { ImageSummary, WasteKindReport } from '#contract';
import { displayPath, unescapePath } from '#model';
import { phrase } from '../../components/phrase.tsx';
import { Size } from '../../components/size.tsx';
import { words } from '../../words/index.ts';
import { FoldedList } from './folded-list.tsx';
import { LayerCommand, LayerLinks } from './layer-links.tsx';
import { WasteRow } from './waste-row.tsx';

/** Kinds to list. Removed files are left out: they are listed by what hid them. */
export function listedKinds(kinds: readonly WasteKindReport[]): readonly WasteKindReport[] {
  return kinds.filter(({ code }) => code !== 'waste-removed-later');
}

/** What the image could do without, by kind. */
export function WasteKinds({ kinds, image }: { kinds: readonly WasteKindReport[]; image: ImageSummary }) {
  return listedKinds(kinds).map((kind) => <Kind key={kind.code} kind={kind} image={image} />);
}

function Kind({ kind, image }: { kind: WasteKindReport; image: ImageSummary }) {
  const { code, bytes, count, places } = kind;
  const listed = places.reduce((sum, place) => sum + place.bytes, 0);
  return (
    <FoldedList
      id={code}
      label={words.waste.kindLabel(code)}
      title={phrase(words.waste.kind(code, <Size bytes={bytes} />))}
      items={places}
      keyOf={({ layer, removedIn }) => `${layer}/${removedIn ?? ''}`}
      heading={({ items }) => {
        const [{ layer, removedIn, path } = { layer: 0, path: null }] = items;
        const link = items.length === 1 ? path : null;
        return (
          <>
            {phrase(words.waste.inLayer(<LayerLinks layers={[layer]} path={link} />))}
            {removedIn === undefined ? null : phrase(words.waste.removedIn(<LayerLinks layers={[removedIn]} path={link} />))}
            <LayerCommand image={image} layer={layer} />
          </>
        );
      }}
      row={({ path, layer, bytes: own, of }) => (
        <WasteRow
          key={`${layer} ${path}`}
          path={path}
          layer={layer}
          bytes={own}
          whole={Math.max(1, bytes)}
          title={words.waste.kindPlace}
          {...(of === undefined ? {} : { note: words.waste.sameAs(displayPath(unescapePath(of))) })}
        />
      )}
      rest={{ count: count - places.length, bytes: bytes - listed }}
    />
  );
}
