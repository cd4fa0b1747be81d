/**
 * Findings as the documents that pipelines read: SARIF 2.1.0 (GitHub, Azure DevOps, Jenkins) and GitLab's Code Quality.
 *
 * Both say where a finding is by a path such as `layer-3/etc/passwd`, and distinguish it from others by a fingerprint, so that the same
 * finding in the next build is the same alert. Begin with `pipeline-findings.ts`, which makes both; `sarif.ts` and `code-quality.ts` lay
 * them out.
 */
export { codeQualityReport } from './code-quality.ts';
export { type PipelineFindings, pipelineFindings } from './pipeline-findings.ts';
export { sarifReport } from './sarif.ts';
