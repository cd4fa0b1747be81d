import type { ReactNode } from 'react';
import { Dialog } from 'react-aria-components/Dialog';
import { Modal, ModalOverlay } from 'react-aria-components/Modal';
import { IconButton } from './button.tsx';
import styles from './sheet.module.css';

/** A dialog over the window. Escape or a click outside closes it and restores the focus. */
export function Sheet({
  label,
  onClose,
  children,
  large = false,
}: {
  label: string;
  onClose: () => void;
  children: ReactNode;
  /** Makes the sheet as large as the window allows. */
  large?: boolean;
}) {
  return (
    <ModalOverlay
      className={`${styles.overlay} ${large ? styles.wideOverlay : ''}`}
      isOpen
      isDismissable
      onOpenChange={(open) => open || onClose()}
    >
      <Modal className={`${styles.modal} ${large ? styles.large : ''}`}>
        <Dialog className={styles.dialog ?? ''} aria-label={label}>
          {children}
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}

/** The header of a sheet: its title, and a button that closes it. */
export function SheetHead({ title, close, keys, onClose }: { title: string; close: string; keys?: string; onClose: () => void }) {
  return (
    <header className={styles.head}>
      <h2 className={`${styles.title} selectable`}>{title}</h2>
      <IconButton label={close} icon="close" {...(keys === undefined ? {} : { keys })} onPress={onClose} />
    </header>
  );
}

/** Keys as they are printed on a keyboard. */
export function Keys({ keys }: { keys: readonly string[] }) {
  return (
    <span className={styles.keys}>
      {keys.map((key) => (
        <kbd key={key} className={styles.key}>
          {key}
        </kbd>
      ))}
    </span>
  );
}
