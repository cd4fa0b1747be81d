import type { ReactNode } from 'react';
import { Button } from 'react-aria-components/Button';
import { Menu, MenuItem, MenuTrigger } from 'react-aria-components/Menu';
import { Popover } from 'react-aria-components/Popover';
import { lineText } from '../words/cut.ts';
import { Icon } from './icons.tsx';
import styles from './menu.module.css';
import { firstChoices, MoreChoices } from './more-choices.tsx';

export interface MenuChoice {
  readonly id: string;
  readonly label: string;
  readonly detail?: string | undefined;
  /** The choice's keyboard shortcut, which isn't part of its accessible name. */
  readonly keys?: string | undefined;
  /** Whether the choice leads to a deletion. */
  readonly danger?: boolean;
}

/** A button that opens a list of choices. Unless `selected` is null, they are the options of a setting, and the selected one has a tick. */
export function MenuButton({
  label,
  children,
  choices,
  selected,
  onChoose,
  quiet = false,
  framed = false,
  bare = false,
}: {
  label: string;
  children: ReactNode;
  choices: readonly MenuChoice[];
  selected: string | null;
  onChoose: (id: string) => void;
  quiet?: boolean;
  /** Gives the button a frame, like an ordinary button's. */
  framed?: boolean;
  /** Draws the button without a frame or a caret. */
  bare?: boolean;
}) {
  const shown = firstChoices(choices, selected);
  return (
    <MenuTrigger>
      <Button
        className={`${styles.button} ${quiet ? styles.quiet : ''} ${framed ? styles.framed : ''} ${bare ? styles.bare : ''}`}
        aria-label={label}
      >
        {children}
        {bare ? null : <Icon name="chevronDown" size={12} className={styles.caret ?? ''} />}
      </Button>
      <Popover className={styles.popover ?? ''} offset={4}>
        <Menu
          className={styles.menu ?? ''}
          aria-label={label}
          {...(selected === null ? {} : { selectionMode: 'single' as const, selectedKeys: [selected] })}
          onAction={(key) => onChoose(String(key))}
        >
          {shown.map((choice) => (
            <MenuItem
              key={choice.id}
              id={choice.id}
              className={`${styles.item} ${selected === null ? styles.untickable : ''} ${choice.danger === true ? styles.danger : ''}`}
              textValue={choice.label}
            >
              {({ isSelected }) => (
                <>
                  {selected === null ? null : <span className={styles.tick}>{isSelected ? <Icon name="check" size={14} /> : null}</span>}
                  <span className={styles.label}>{lineText(choice.label)}</span>
                  {choice.detail === undefined ? null : <span className={styles.detail}>{lineText(choice.detail)}</span>}
                  {choice.keys === undefined ? null : (
                    <span className={styles.detail} aria-hidden="true">
                      {choice.keys}
                    </span>
                  )}
                </>
              )}
            </MenuItem>
          ))}
          <MoreChoices left={choices.length - shown.length} />
        </Menu>
      </Popover>
    </MenuTrigger>
  );
}
