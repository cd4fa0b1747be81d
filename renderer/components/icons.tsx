import type { ReactNode } from 'react';

// Our own icons: 16 × 16, one stroke in the text's colour.
const SHAPES = {
  folder: <path d="M1.75 4.25a1 1 0 0 1 1-1h3.2l1.4 1.5h5.9a1 1 0 0 1 1 1v6a1 1 0 0 1-1 1H2.75a1 1 0 0 1-1-1z" />,
  file: <path d="M3.75 1.75h5l3.5 3.5v9h-8.5zM8.5 2v3.5h3.5" />,
  link: (
    <path d="M6.5 9.5l3-3M7.2 4.8l1.3-1.3a2.3 2.3 0 0 1 3.3 0l.7.7a2.3 2.3 0 0 1 0 3.3l-1.3 1.3M8.8 11.2l-1.3 1.3a2.3 2.3 0 0 1-3.3 0l-.7-.7a2.3 2.3 0 0 1 0-3.3l1.3-1.3" />
  ),
  device: <path d="M3.5 4.5h9v7h-9zM1.5 6.5h2M1.5 9.5h2M12.5 6.5h2M12.5 9.5h2" />,
  chevronRight: <path d="M6 3.75L10.25 8 6 12.25" />,
  chevronDown: <path d="M3.75 6L8 10.25 12.25 6" />,
  chevronUp: <path d="M3.75 10L8 5.75 12.25 10" />,
  close: <path d="M4 4l8 8M12 4l-8 8" />,
  copy: <path d="M5.75 5.75v-3h7.5v7.5h-3M2.75 5.75h7.5v7.5h-7.5z" />,
  check: <path d="M3 8.5l3.25 3.25L13 5" />,
  search: <path d="M7 11.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9zM10.3 10.3l3.7 3.7" />,
  more: <path d="M3.5 8h.01M8 8h.01M12.5 8h.01" strokeWidth={2.2} />,
  plus: <path d="M8 3v10M3 8h10" />,
  open: <path d="M8 10.5v-8M4.75 5.5L8 2.25l3.25 3.25M2.5 10v3.25h11V10" />,
  save: <path d="M8 2.25v8M4.75 7.25L8 10.5l3.25-3.25M2.5 10v3.25h11V10" />,
  sidebar: <path d="M2 3h12v10H2zM6 3v10" />,
  details: <path d="M2 3h12v10H2zM10 3v10" />,
  image: <path d="M2 4.75l6-2.75 6 2.75-6 2.75zM2 8l6 2.75L14 8M2 11.25L8 14l6-2.75" />,
  catalog: <path d="M2.5 2.5h4.5v4.5h-4.5zM9 2.5h4.5v4.5H9zM2.5 9h4.5v4.5h-4.5zM9 9h4.5v4.5H9z" />,
  warning: <path d="M8 2.25l6.25 11.25H1.75zM8 6.5v3.5M8 11.7v.3" />,
  error: <path d="M8 14.25a6.25 6.25 0 1 0 0-12.5 6.25 6.25 0 0 0 0 12.5zM8 4.75v4M8 10.9v.3" />,
  note: <path d="M8 14.25a6.25 6.25 0 1 0 0-12.5 6.25 6.25 0 0 0 0 12.5zM8 7.25v4M8 4.8v.3" />,
  light: (
    <path d="M8 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM8 1.5v1.25M8 13.25v1.25M1.5 8h1.25M13.25 8h1.25M3.4 3.4l.9.9M11.7 11.7l.9.9M12.6 3.4l-.9.9M4.3 11.7l-.9.9" />
  ),
  dark: <path d="M13.5 9.6A5.75 5.75 0 0 1 6.4 2.5a5.75 5.75 0 1 0 7.1 7.1z" />,
  auto: <path d="M8 14a6 6 0 1 0 0-12 6 6 0 0 0 0 12zM8 2v12M8 4.5h3.4M8 7h4.9M8 9.5h4.8M8 12h3.3" />,
  shield: <path d="M8 1.75l5.25 2v4c0 3.2-2.2 5.4-5.25 6.5-3.05-1.1-5.25-3.3-5.25-6.5v-4zM8 2v12" />,
  retry: <path d="M13 5.5A5.5 5.5 0 1 0 13.5 8M13.25 2.5v3.25H10" />,
  swap: <path d="M2.5 5.5h10M9.5 2.5l3 3-3 3M13.5 10.5h-10M6.5 7.5l-3 3 3 3" />,
  back: <path d="M13 8H3M7.25 3.75L3 8l4.25 4.25" />,
  forward: <path d="M3 8h10M8.75 3.75L13 8l-4.25 4.25" />,
  help: <path d="M8 14.25a6.25 6.25 0 1 0 0-12.5 6.25 6.25 0 0 0 0 12.5zM6.2 6.4a1.8 1.8 0 1 1 2.6 1.6c-.6.3-.8.6-.8 1.2M8 11.3v.2" />,
  settings: (
    <path d="M2 4.5h6M12 4.5h2M2 11.5h2M8 11.5h6M10 6.25a1.75 1.75 0 1 0 0-3.5 1.75 1.75 0 0 0 0 3.5zM6 13.25a1.75 1.75 0 1 0 0-3.5 1.75 1.75 0 0 0 0 3.5z" />
  ),
  wrap: <path d="M2 3.5h12M2 8h9.5a2 2 0 0 1 0 4H8M9.75 10.25L8 12l1.75 1.75M2 12h3.5" />,
  older: <path d="M8 3v10M3.75 8.75L8 13l4.25-4.25" />,
  newer: <path d="M8 13V3M3.75 7.25L8 3l4.25 4.25" />,
} satisfies Record<string, ReactNode>;

export type IconName = keyof typeof SHAPES;

/** An icon, hidden from screen readers, so it needs a label next to it. */
export function Icon({ name, size = 16, className }: { name: IconName; size?: number; className?: string | undefined }) {
  return (
    <svg
      className={className}
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth={1.4}
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      {SHAPES[name]}
    </svg>
  );
}
