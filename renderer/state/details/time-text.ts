import { displayText } from '#model';

/** `2025-11-25 04:14:42 UTC`; text that isn't a time is returned escaped. */
export function timeText(time: string): string {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? displayText(time) : `${date.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}
