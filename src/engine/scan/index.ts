/**
 * Findings of a scan. The reader searches bodies while it indexes layers (`archive/indexing/body-scan`); here its hits become findings that
 * say where a secret is, whether the image still shows it and, if not, since which layer.
 *
 * - `secret-findings.ts`: secrets in files and in the config. Start here.
 * - `body-rules.ts`: rules that compare file contents; `scanned-bodies.ts` supplies the bodies.
 */
export { applyBodyRules } from './body-rules.ts';
export { configFindings, fileFindings } from './secret-findings.ts';
