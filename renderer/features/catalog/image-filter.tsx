import { Icon } from '../../components/icons.tsx';
import fields from '../../components/search-field.module.css';
import { Segmented } from '../../components/segmented.tsx';
import type { Grouping } from '../../state/catalog/image-rows.ts';
import { words } from '../../words/index.ts';
import styles from './catalog.module.css';
import { Legend } from './legend.tsx';

const GROUPINGS = (['repository', 'base', 'none'] as const).map((value) => ({ value, label: words.catalog.groupings[value] }));

/** The field that filters images, and the choice of how they are listed. */
export function ImageFilter({
  text,
  onText,
  grouping,
  onGrouping,
  found,
  all,
  hasLegend,
}: {
  text: string;
  onText: (text: string) => void;
  grouping: Grouping;
  onGrouping: (grouping: Grouping) => void;
  /** Number of images that match, and of all images. */
  found: number;
  all: number;
  hasLegend: boolean;
}) {
  return (
    <div className={styles.line}>
      <search className={styles.search}>
        <div className={styles.field}>
          <Icon name="search" size={14} className={fields.icon} />
          <input
            className={fields.input}
            type="search"
            data-filter=""
            maxLength={1_024}
            spellCheck={false}
            autoComplete="off"
            aria-label={words.catalog.filterImages}
            placeholder={words.catalog.filterImages}
            value={text}
            onChange={({ currentTarget }) => onText(currentTarget.value)}
            onKeyDown={(event) => {
              if (event.key !== 'Escape' || text === '') return;
              event.stopPropagation();
              onText('');
            }}
          />
        </div>
      </search>
      <Segmented small label={words.catalog.grouping} value={grouping} options={GROUPINGS} onChange={onGrouping} />
      <span className={`number ${styles.quiet}`} role="status">
        {text.trim() === '' ? '' : words.catalog.matching(found, all)}
      </span>
      {hasLegend ? (
        <Legend
          title={words.catalog.sizeLegend.title}
          items={[
            { colour: 'accent', text: words.catalog.sizeLegend.unique },
            { colour: 'share', text: words.catalog.sizeLegend.shared },
          ]}
        />
      ) : null}
    </div>
  );
}
