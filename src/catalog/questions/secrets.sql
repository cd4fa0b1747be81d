-- Secrets in files, histories, variables and labels. Files are searched with index --scan.
SELECT
  coalesce(i.reference, i.source) AS image,
  i.platform,
  f.severity,
  f.code,
  f.foundIn,
  f.layerIndex,
  f.path,
  f.name,
  f.line,
  f.shown,
  f.visible
FROM findings f
JOIN images i ON i.image = f.image AND i.error IS NULL
WHERE f.code LIKE 'secret-%'
ORDER BY CASE f.severity WHEN 'error' THEN 0 WHEN 'warning' THEN 1 ELSE 2 END, 1, 2, 6 NULLS LAST, 7 NULLS LAST, 9 NULLS LAST, 4, 8 NULLS LAST, 10
