import type { ReactNode } from 'react';
import { Button as AriaButton } from 'react-aria-components/Button';
import styles from './button.module.css';
import { Icon, type IconName } from './icons.tsx';
import { Hint } from './tooltip.tsx';

/** A button with a label. At most one in a view is `primary`. */
export function Button({
  children,
  onPress,
  kind = 'plain',
  icon,
  disabled = false,
  autoFocus = false,
  expanded,
  otherLabels = [],
}: {
  children: ReactNode;
  onPress: () => void;
  /** `danger`: deletes something for good. `quietDanger`: leads to a deletion. */
  kind?: 'plain' | 'primary' | 'quiet' | 'danger' | 'quietDanger';
  icon?: IconName;
  disabled?: boolean;
  /** Gets the focus when its sheet opens. */
  autoFocus?: boolean;
  /** For a button that opens something: whether that thing is open. */
  expanded?: boolean;
  /** Labels that the button has at other times; it is always wide enough for them. */
  otherLabels?: readonly string[];
}) {
  return (
    <AriaButton
      className={`${styles.button} ${kind === 'quietDanger' ? styles.quiet : ''} ${styles[kind]}`}
      onPress={onPress}
      isDisabled={disabled}
      autoFocus={autoFocus}
      {...(expanded === undefined ? {} : { 'aria-expanded': expanded })}
    >
      {icon === undefined ? null : <Icon name={icon} />}
      {otherLabels.length === 0 ? (
        children
      ) : (
        <span className={styles.labels}>
          <span>{children}</span>
          {otherLabels.map((label) => (
            <span key={label} className={styles.otherLabel} aria-hidden="true" data-text={label} />
          ))}
        </span>
      )}
    </AriaButton>
  );
}

/** A button with an icon. Its label is the accessible name and the tooltip. */
export function IconButton({
  label,
  icon,
  onPress,
  keys,
  disabled = false,
  pressed,
  small = false,
  caption = [],
  className,
}: {
  label: string;
  icon: IconName;
  onPress: () => void;
  /** Shown in the tooltip. */
  keys?: string;
  disabled?: boolean;
  pressed?: boolean;
  small?: boolean;
  /** Short lines below the icon that distinguish the button from similar ones. */
  caption?: readonly string[];
  className?: string | undefined;
}) {
  return (
    <Hint text={label} keys={keys}>
      <AriaButton
        className={`${styles.icon} ${small ? styles.small : ''} ${caption.length > 0 ? styles.captioned : ''} ${className ?? ''}`}
        aria-label={label}
        onPress={onPress}
        isDisabled={disabled}
        {...(pressed === undefined ? {} : { 'aria-pressed': pressed })}
      >
        <Icon name={icon} size={small ? 14 : 16} />
        {/* CSS draws the caption, because it is only part of the accessible name. */}
        {caption.length === 0 ? null : <span className={styles.caption} aria-hidden="true" data-text={caption.join('\n')} />}
      </AriaButton>
    </Hint>
  );
}
