import { displayText } from '#model';

/** `2025-11-25 04:14:42 UTC`; what isn't a time stays as it is. */
export function timeText(time: string): string {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? displayText(time) : `${date.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}
