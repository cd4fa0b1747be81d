import { displayText } from '#model';
import { formatDate } from '../../words/numbers.ts';

/** Formats a config's time, in UTC, in the format of the browser's locale. Text that isn't a time is returned escaped. */
export function timeText(time: string, to: 'day' | 'minute'): string {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? displayText(time) : formatDate(date, to);
}
