import { useEffect, useState } from 'react';
import { IconButton } from './button.tsx';
import { copyText } from './clipboard.ts';

/** Copies `text`; a tick says that it did. */
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
