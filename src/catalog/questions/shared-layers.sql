-- Layers that several images have, and the bytes that sharing them saves.
SELECT
  h.layer,
  count(DISTINCT h.image) AS images,
  max(h.bytes) AS bytes,
  (count(DISTINCT h.image) - 1) * max(h.bytes) AS savedBytes,
  min(h.createdBy) AS createdBy
FROM history h
WHERE h.layer IS NOT NULL
GROUP BY h.layer
HAVING count(DISTINCT h.image) > 1
ORDER BY 4 DESC, 1
LIMIT 100
