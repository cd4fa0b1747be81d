import type { folderFacts } from '#engine';
import { displayPath, formatSize, jsonText, plural, unescapePath } from '#model';
import { sizeCell } from './size-cell.ts';
import type { Style } from './style.ts';

type FolderReport = ReturnType<typeof folderFacts>;

/** Formats the totals of a folder, for display or as one line of JSON. */
export function folderSummary(report: FolderReport, { json, style }: { json: boolean; style: Style }): string {
  if (json) return `${jsonText(report)}\n`;
  const { bytes, files, folders, biggest, layers, types } = report;
  const counted = (count: number) => plural(count, 'file');
  const section = (lines: readonly string[]) => (lines.length === 0 ? '' : `\n${lines.join('\n')}\n`);
  return [
    `${style.bold(formatSize(bytes))} in ${counted(files)}, ${plural(folders, 'folder')}\n`,
    section(
      biggest.map((file) => `${sizeCell(file.bytes)}  ${displayPath(unescapePath(file.path))}  ${style.dim(`(layer ${file.layer})`)}`),
    ),
    section(layers.map((each) => `${sizeCell(each.bytes)}  written by layer ${each.layer}  ${style.dim(`(${counted(each.files)})`)}`)),
    section(
      types.map((each) => {
        const name = each.extension === '' ? 'no extension' : `.${each.extension}`;
        return `${sizeCell(each.bytes)}  ${name}  ${style.dim(`(${counted(each.files)})`)}`;
      }),
    ),
  ].join('');
}
