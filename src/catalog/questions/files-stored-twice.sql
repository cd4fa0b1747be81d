-- File contents that layers store more than once, under any name, and the bytes that keeping one copy would save. Covers only
-- contents that were read.
SELECT
  f.content,
  f.size,
  count(*) AS copies,
  count(DISTINCT f.layer) AS layers,
  (count(*) - 1) * f.size AS savedBytes,
  min(f.path) AS example
FROM entries f
WHERE f.content IS NOT NULL AND f.size > 0
GROUP BY f.content, f.size
HAVING count(*) > 1
ORDER BY 5 DESC, 1, 2
LIMIT 100
