-- Images by the bytes that they contain but no longer show, and by what they could do without.
SELECT
  coalesce(i.reference, i.source) AS image,
  i.platform,
  i.fileBytes,
  i.wastedBytes,
  coalesce(f.bytes, 0) AS avoidableBytes,
  coalesce(f.findings, 0) AS findings
FROM images i
LEFT JOIN (
  SELECT image, sum(bytes) AS bytes, count(*) AS findings
  FROM findings
  WHERE code LIKE 'waste-%'
  GROUP BY image
) f ON f.image = i.image
WHERE i.error IS NULL AND (i.wastedBytes > 0 OR f.bytes > 0)
ORDER BY i.wastedBytes DESC, 5 DESC, 1, 2
LIMIT 100
