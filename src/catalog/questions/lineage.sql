-- Each image with the image that it was built on: the one in the catalog that has the most of its lowest layers, and no others.
SELECT DISTINCT
  coalesce(i.reference, i.source) AS image,
  i.platform,
  coalesce(b.reference, b.source) AS base,
  l.layerIndex + 1 AS baseLayers,
  l.top - l.layerIndex AS ownLayers
FROM (
  SELECT
    h.image,
    h.chain,
    h.layerIndex,
    max(h.layerIndex) OVER (PARTITION BY h.image) AS nearest,
    t.top
  FROM history h
  JOIN (SELECT image, max(layerIndex) AS top FROM history GROUP BY image) t ON t.image = h.image
  WHERE h.layerIndex < t.top
    AND h.chain IN (SELECT chain FROM images WHERE error IS NULL)
) l
JOIN images i ON i.image = l.image AND i.error IS NULL
JOIN images b ON b.chain = l.chain AND b.error IS NULL
WHERE l.layerIndex = l.nearest
ORDER BY 1, 2, 3, 4, 5
