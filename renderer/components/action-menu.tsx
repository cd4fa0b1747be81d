import { type ReactNode, useRef } from 'react';
import { Button } from 'react-aria-components/Button';
import { Header } from 'react-aria-components/Header';
import { Menu, MenuItem, MenuSection, MenuTrigger } from 'react-aria-components/Menu';
import { Popover } from 'react-aria-components/Popover';
import { lineText } from '../words/cut.ts';
import { Icon } from './icons.tsx';
import styles from './menu.module.css';
import { firstChoices, MoreChoices } from './more-choices.tsx';

export interface MenuAction {
  readonly id: string;
  readonly label: string;
  readonly detail?: string | undefined;
  readonly disabled?: boolean;
  readonly run: () => void;
}

/** Actions that belong together. With `selected`, they are alternatives, and `selected` is the current one. */
export interface ActionSection {
  readonly id: string;
  readonly title: string;
  /** Shows the title only to screen readers. */
  readonly quiet?: boolean;
  readonly selected?: string | undefined;
  readonly actions: readonly MenuAction[];
}

/** A button that opens a menu of actions. */
export function ActionMenuButton({
  label,
  children,
  sections,
  quiet = false,
}: {
  label: string;
  children: ReactNode;
  sections: readonly ActionSection[];
  /** Draws the button as a chip. */
  quiet?: boolean;
}) {
  return (
    <MenuTrigger>
      <Button className={`${styles.button} ${quiet ? styles.quiet : styles.named}`} aria-label={label}>
        {children}
        <Icon name="chevronDown" size={12} className={styles.caret ?? ''} />
      </Button>
      <Popover className={styles.popover ?? ''} offset={4}>
        <Actions label={label} sections={sections} />
      </Popover>
    </MenuTrigger>
  );
}

/** A menu at a point in the window. Closing it restores the focus. */
export function ContextMenu({
  label,
  sections,
  at,
  onClose,
}: {
  label: string;
  sections: readonly ActionSection[];
  /** The point, in px from the window's top left corner. */
  at: { readonly x: number; readonly y: number };
  onClose: () => void;
}) {
  const point = useRef<HTMLSpanElement>(null);
  return (
    <>
      <span ref={point} className={styles.point} style={{ left: at.x, top: at.y }} />
      <Popover
        className={styles.popover ?? ''}
        aria-label={label}
        triggerRef={point}
        isOpen
        onOpenChange={(open) => open || onClose()}
        placement="bottom start"
        offset={1}
      >
        <Actions label={label} sections={sections} onClose={onClose} />
      </Popover>
    </>
  );
}

function Actions({ label, sections, onClose }: { label: string; sections: readonly ActionSection[]; onClose?: () => void }) {
  const shown = sections
    .filter(({ actions }) => actions.length > 0)
    .map((section) => {
      const actions = firstChoices(section.actions, section.selected ?? null);
      return { ...section, actions, left: section.actions.length - actions.length };
    });
  const run = (key: string) => {
    onClose?.();
    const action = shown
      .flatMap(({ id, actions }) => actions.map((each) => ({ ...each, key: `${id}/${each.id}` })))
      .find((each) => each.key === key);
    // Restore the focus first, because the action may move it.
    if (action !== undefined) setTimeout(action.run, 0);
  };
  const disabled = shown.flatMap(({ id, actions }) => actions.filter((each) => each.disabled).map((each) => `${id}/${each.id}`));
  return (
    <Menu
      className={styles.menu ?? ''}
      aria-label={label}
      autoFocus="first"
      disabledKeys={disabled}
      onAction={(key) => run(String(key))}
      {...(onClose === undefined ? {} : { onClose })}
    >
      {shown.map((section) => (
        <MenuSection
          key={section.id}
          className={styles.section ?? ''}
          aria-label={section.title}
          {...(section.selected === undefined
            ? {}
            : { selectionMode: 'single' as const, selectedKeys: [`${section.id}/${section.selected}`], onSelectionChange: () => {} })}
        >
          {section.quiet ? null : <Header className={styles.header ?? ''}>{section.title}</Header>}
          {section.actions.map((action) => (
            <MenuItem key={action.id} id={`${section.id}/${action.id}`} className={styles.item ?? ''} textValue={action.label}>
              {({ isSelected }) => (
                <>
                  {section.selected === undefined ? null : (
                    <span className={styles.tick}>{isSelected ? <Icon name="check" size={14} /> : null}</span>
                  )}
                  <span className={styles.label}>{lineText(action.label)}</span>
                  {action.detail === undefined ? null : <span className={styles.detail}>{lineText(action.detail)}</span>}
                </>
              )}
            </MenuItem>
          ))}
          <MoreChoices left={section.left} />
        </MenuSection>
      ))}
    </Menu>
  );
}
