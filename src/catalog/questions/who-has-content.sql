-- Images that contain a file with this content, under any name, in any layer.
-- :content  the content’s checksum, as shown by who-has-path and the table entries: 16 hex digits
SELECT
  coalesce(i.reference, i.source) AS image,
  i.platform,
  h.layerIndex,
  e.path,
  e.size
FROM entries e
JOIN history h ON h.layer = e.layer
JOIN images i ON i.image = h.image AND i.error IS NULL
WHERE e.content = lower(:content)
ORDER BY 1, 2, 3, 4
