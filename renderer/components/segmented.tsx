import { ToggleButton } from 'react-aria-components/ToggleButton';
import { ToggleButtonGroup } from 'react-aria-components/ToggleButtonGroup';
import styles from './segmented.module.css';
import { Hint } from './tooltip.tsx';

/** An option. Its tooltip shows the key that chooses it. */
export interface SegmentedOption<T extends string> {
  readonly value: T;
  readonly label: string;
  readonly keys?: string | undefined;
}

/** Picks one of a few options, all of them visible. */
export function Segmented<T extends string>({
  label,
  value,
  options,
  onChange,
  small = false,
}: {
  label: string;
  value: T;
  options: readonly SegmentedOption<T>[];
  onChange: (value: T) => void;
  small?: boolean;
}) {
  return (
    <ToggleButtonGroup
      className={`${styles.group} ${small ? styles.small : ''}`}
      aria-label={label}
      selectionMode="single"
      disallowEmptySelection
      selectedKeys={[value]}
      onSelectionChange={(keys) => {
        for (const option of options) if (keys.has(option.value) && option.value !== value) onChange(option.value);
      }}
    >
      {options.map((option) => {
        const button = (
          <ToggleButton key={option.value} id={option.value} className={styles.option ?? ''}>
            <span className={styles.text} data-text={option.label}>
              {option.label}
            </span>
          </ToggleButton>
        );
        return option.keys === undefined ? (
          button
        ) : (
          <Hint key={option.value} text={option.label} keys={option.keys}>
            {button}
          </Hint>
        );
      })}
    </ToggleButtonGroup>
  );
}
