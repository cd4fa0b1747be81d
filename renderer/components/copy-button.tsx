import { useEffect, useState } from 'react';
import { IconButton } from './button.tsx';

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

/** True where it worked: the clipboard may be refused to a page. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Refused, or not there: the old way, which needs no permission.
    const area = document.createElement('textarea');
    area.value = text;
    area.style.position = 'fixed';
    area.style.opacity = '0';
    document.body.append(area);
    area.select();
    const done = document.execCommand('copy');
    area.remove();
    return done;
  }
}
