import { PathMatcher } from '#format/path';
import { FINDING_SEVERITY, type Finding, unescapePath } from '#model';

/**
 * Findings that a check leaves out: those with one code, or with any code that has a given prefix (`secret-*`). With a pattern, only those
 * whose path matches it.
 */
export interface IgnoredFindings {
  readonly code: string;
  /** See PathMatcher. */
  readonly pattern: string | null;
}

/** Parses `CODE` or `CODE PATTERN`; null if there is no such code. */
export function parseIgnored(text: string): IgnoredFindings | null {
  const [code = '', ...rest] = text.trim().split(/\s+/);
  const pattern = rest.length === 0 ? null : text.trim().slice(code.length).trim();
  return Object.keys(FINDING_SEVERITY).some((known) => isOfCode(known, code)) ? { code, pattern } : null;
}

function isOfCode(known: string, code: string): boolean {
  return code.endsWith('*') ? known.startsWith(code.slice(0, -1)) : known === code;
}

/** Returns the findings that no entry of the list matches. */
export function withoutIgnored(
  findings: readonly Finding[],
  ignored: readonly IgnoredFindings[],
  { ignoreCase }: { readonly ignoreCase: boolean },
): readonly Finding[] {
  if (ignored.length === 0) return findings;
  const rules = ignored.map(({ code, pattern }) => ({
    code,
    matcher: pattern === null ? null : new PathMatcher([pattern], { ignoreCase }),
  }));
  return findings.filter(
    ({ code, path }) =>
      !rules.some(
        (rule) => isOfCode(code, rule.code) && (rule.matcher === null || (path !== undefined && rule.matcher.matches(unescapePath(path)))),
      ),
  );
}
