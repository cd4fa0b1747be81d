-- Commands by the bytes that they leave in layers and that images could do without. Each layer is counted once.
SELECT
  w.createdBy,
  w.code,
  count(DISTINCT w.layer) AS layers,
  sum(w.bytes) AS bytes,
  min(w.path) AS example
FROM (
  SELECT f.layer, f.code, f.path, max(f.bytes) AS bytes, min(h.createdBy) AS createdBy
  FROM findings f
  JOIN history h ON h.image = f.image AND h.layerIndex = f.layerIndex
  WHERE f.code LIKE 'waste-%'
  GROUP BY f.layer, f.code, f.path
) w
GROUP BY w.createdBy, w.code
ORDER BY 4 DESC, 1 NULLS LAST, 2
LIMIT 100
