-- Programs that run with the rights of their owner or group, by path, and the images that have them.
SELECT
  e.path,
  e.uid,
  e.gid,
  e.mode,
  -- The digits of the mode in octal, 4755 for 0o4755.
  CAST((e.mode & 7) + (e.mode & 56) * 10 / 8 + (e.mode & 448) * 100 / 64 + (e.mode & 3584) * 1000 / 512 AS int) AS octal,
  count(DISTINCT h.image) AS images,
  count(DISTINCT e.layer) AS layers,
  min(coalesce(i.reference, i.source)) AS example
FROM entries e
JOIN history h ON h.layer = e.layer
JOIN images i ON i.image = h.image AND i.error IS NULL
WHERE e.kind = 'entry' AND e.type = 'file' AND ((e.mode & 2048) <> 0 OR ((e.mode & 1024) <> 0 AND (e.mode & 8) <> 0))
GROUP BY e.path, e.uid, e.gid, e.mode
ORDER BY 6 DESC, 1, 2, 3, 4
