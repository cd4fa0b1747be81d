-- Layers that are stored in several blobs, because they were compressed more than once, and the bytes that keeping one would save.
SELECT
  b.layer,
  count(*) AS blobs,
  sum(b.bytes) AS bytes,
  sum(b.bytes) - min(b.bytes) AS savedBytes
FROM (
  SELECT layer, digest, max(bytes) AS bytes
  FROM history
  WHERE layer IS NOT NULL AND digest IS NOT NULL
  GROUP BY layer, digest
) b
GROUP BY b.layer
HAVING count(*) > 1
ORDER BY 4 DESC, 1
LIMIT 100
