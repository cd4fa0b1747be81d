import { useEffect, useState } from 'react';
import { IconButton } from './button.tsx';
import { copyText } from './clipboard.ts';

/** Copies `text`, and shows a tick when done. */
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
      label={copied ? 'Copied' : label}
      icon={copied ? 'check' : 'copy'}
      onPress={() => {
        copyText(text).then(setCopied);
      }}
    />
  );
}
