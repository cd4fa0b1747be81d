import { useMemo } from 'react';
import type { ImageSummary, WasteKindReport } from '#contract';
import { phrase } from '../../components/phrase.tsx';
import { Size } from '../../components/size.tsx';
import { placeLines } from '../../state/waste.ts';
import { words } from '../../words/index.ts';
import { WasteTable } from './waste-table.tsx';

/** Returns the kinds to list. Removed files are left out, because they are listed by what hid them. */
export function listedKinds(kinds: readonly WasteKindReport[]): readonly WasteKindReport[] {
  return kinds.filter(({ code }) => code !== 'waste-removed-later');
}

/** What the image doesn't need, by kind. */
export function WasteKinds({ kinds, image }: { kinds: readonly WasteKindReport[]; image: ImageSummary }) {
  return listedKinds(kinds).map((kind) => <Kind key={kind.code} kind={kind} image={image} />);
}

function Kind({ kind, image }: { kind: WasteKindReport; image: ImageSummary }) {
  const { code, bytes, count, places } = kind;
  const lines = useMemo(() => placeLines(places), [places]);
  const listed = places.reduce((sum, place) => sum + place.bytes, 0);
  return (
    <WasteTable
      id={code}
      label={words.waste.kindLabel(code)}
      title={phrase(words.waste.kind(code, <Size bytes={bytes} />))}
      lines={lines}
      image={image}
      hiddenIn={places.some(({ removedIn }) => removedIn !== undefined) ? words.waste.columns.removedIn : null}
      rest={{ count: count - places.length, bytes: bytes - listed, whole: bytes }}
    />
  );
}
