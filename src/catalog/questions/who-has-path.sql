-- Images that contain a path in any layer, and whether they still show it.
-- :path    a path, with or without a slash at its beginning
SELECT
  coalesce(i.reference, i.source) AS image,
  i.platform,
  w.layerIndex,
  w.layer,
  w.type,
  w.size,
  w.content,
  w.hiddenIn IS NULL AS visible,
  w.hiddenIn
FROM (
  SELECT
    h.image,
    h.layerIndex,
    h.layer,
    e.type,
    e.size,
    e.content,
    -- The lowest layer above that removes or replaces the path, or a folder that it is in.
    min(a.layerIndex) AS hiddenIn
  FROM (SELECT regexp_replace(:path, '^/+', '') AS path) p
  JOIN entries e ON e.path = p.path AND e.kind = 'entry'
  JOIN history h ON h.layer = e.layer
  LEFT JOIN (
    SELECT h2.image, h2.layerIndex
    FROM (SELECT regexp_replace(:path, '^/+', '') AS path) p2
    JOIN entries e2
      ON (e2.path = p2.path AND e2.kind <> 'opaque')
      OR (left(p2.path, length(e2.path) + 1) = concat(e2.path, '/') AND (e2.kind <> 'entry' OR e2.type <> 'directory'))
      OR (e2.path = '' AND e2.kind = 'opaque')
    JOIN history h2 ON h2.layer = e2.layer
  ) a ON a.image = h.image AND a.layerIndex > h.layerIndex
  GROUP BY h.image, h.layerIndex, h.layer, e.type, e.size, e.content
) w
JOIN images i ON i.image = w.image AND i.error IS NULL
ORDER BY 1, 2, 3
