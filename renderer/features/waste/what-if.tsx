import type { ImageSummary, WhatIfReport } from '#contract';
import { Size } from '../../components/size.tsx';
import { words } from '../../words/index.ts';
import styles from './waste-panel.module.css';

/** What the image's files would weigh if its layers were made differently: one row for each change that saves something. */
export function WhatIf({ reports, image }: { reports: readonly WhatIfReport[]; image: ImageSummary }) {
  if (reports.length === 0) return null;
  const { whatIf, whatIfHint, whatIfColumns, whatIfChange } = words.waste;
  return (
    <section className={styles.files} aria-label={whatIf}>
      <h3 className={styles.cause}>{whatIf}</h3>
      <p className={styles.hint}>{whatIfHint}</p>
      <table className={styles.ifs}>
        <thead>
          <tr>
            <th scope="col">{whatIfColumns.change}</th>
            <th scope="col">{whatIfColumns.layers}</th>
            <th scope="col">{whatIfColumns.size}</th>
            <th scope="col">{whatIfColumns.saved}</th>
          </tr>
        </thead>
        <tbody>
          {reports.map(({ kind, from, layers, fileBytes }) => (
            <tr key={`${kind} ${from}`}>
              <th scope="row">{whatIfChange(kind, from, image.layers.length - 1)}</th>
              <td className="number">{layers}</td>
              <td>
                <Size bytes={fileBytes} />
              </td>
              <td>
                <Size bytes={image.totals.fileBytes - fileBytes} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
