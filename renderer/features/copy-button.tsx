import { useEffect, useState } from 'react';
import { displayText } from '#model';
import { IconButton } from '../components/button.tsx';
import { copyText } from '../state/clipboard.ts';
import { words } from '../words/index.ts';

interface Copied {
  readonly label: string;
  readonly text: string;
  /**
   * Whether line breaks are copied as they are. In a name from an image they are escaped, because a line break pasted into a terminal runs
   * what precedes it.
   */
  readonly hasLines?: boolean;
  readonly className?: string | undefined;
}

/** A button that copies `text` and then shows a tick. */
export function CopyButton({ label, text, hasLines = false, className }: Copied) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 1200);
    return () => clearTimeout(timer);
  }, [copied]);
  return (
    <IconButton
      small
      className={className}
      label={copied ? words.copied : label}
      icon={copied ? 'check' : 'copy'}
      onPress={() => {
        copyText(hasLines ? text : displayText(text)).then(setCopied);
      }}
    />
  );
}
