import { useEffect, useState } from 'react';
import { IconButton } from '../components/button.tsx';
import { copyText } from '../state/clipboard.ts';
import { words } from '../words/index.ts';

/** A button that copies `text` and then shows a tick. */
export function CopyButton({ label, text, className }: { label: string; text: string; className?: string | undefined }) {
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
        copyText(text).then(setCopied);
      }}
    />
  );
}
