import type { ReactNode } from 'react';
import { Icon } from '../../components/icons.tsx';
import fields from '../../components/search-field.module.css';
import { words } from '../../words/index.ts';
import styles from './catalog.module.css';

/** The field that filters images, and how many match. `children` is drawn between the two, `end` after them. */
export function ImageFilter({
  text,
  onText,
  found,
  all,
  children,
  end,
}: {
  text: string;
  onText: (text: string) => void;
  /** Number of images that match, and of all images. */
  found: number;
  all: number;
  children?: ReactNode;
  end?: ReactNode;
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
      {children}
      <span className={`number ${styles.quiet}`} role="status">
        {text.trim() === '' ? '' : words.catalog.matching(found, all)}
      </span>
      {end}
    </div>
  );
}
