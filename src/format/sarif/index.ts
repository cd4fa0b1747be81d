/**
 * Formats findings as documents that pipelines read: SARIF 2.1.0 (GitHub, Azure DevOps, Jenkins) and GitLab's Code Quality.
 *
 * Both locate a finding by a path such as `layer-3/etc/passwd`, and identify it by a fingerprint, so that the same finding in the next
 * build is the same alert. Begin with `pipeline-findings.ts`, which prepares findings for both; `sarif.ts` and `code-quality.ts` write the
 * documents.
 */
export { codeQualityReport } from './code-quality.ts';
export { type PipelineFindings, pipelineFindings } from './pipeline-findings.ts';
export { sarifReport } from './sarif.ts';
