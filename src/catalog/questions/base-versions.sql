-- Bases that are used in several versions: images that share a base’s name but not its layers. A base is an image in the catalog or, if
-- it isn't there, the one that the label org.opencontainers.image.base.name names.
SELECT
  u.base,
  u.version,
  count(DISTINCT u.image) AS images,
  min(u.name) AS example
FROM (
  SELECT
    b.repository AS base,
    coalesce(b.tag, b.digest, b.image) AS version,
    i.image,
    coalesce(i.reference, i.source) AS name
  FROM (
    SELECT h.image, h.chain, h.layerIndex, max(h.layerIndex) OVER (PARTITION BY h.image) AS nearest
    FROM history h
    JOIN (SELECT image, max(layerIndex) AS top FROM history GROUP BY image) t ON t.image = h.image
    WHERE h.layerIndex < t.top
      AND h.chain IN (SELECT chain FROM images WHERE error IS NULL AND repository IS NOT NULL)
  ) l
  JOIN images i ON i.image = l.image AND i.error IS NULL
  JOIN images b ON b.chain = l.chain AND b.error IS NULL AND b.repository IS NOT NULL
  WHERE l.layerIndex = l.nearest
  UNION ALL
  SELECT
    regexp_replace(i.labels['org.opencontainers.image.base.name'], '(:[^:/]+)?(@.*)?$', '') AS base,
    coalesce(i.labels['org.opencontainers.image.base.digest'], i.labels['org.opencontainers.image.base.name']) AS version,
    i.image,
    coalesce(i.reference, i.source) AS name
  FROM images i
  WHERE i.error IS NULL
    AND i.labels['org.opencontainers.image.base.name'] IS NOT NULL
    AND NOT EXISTS (
      SELECT 1
      FROM history h
      JOIN images b ON b.chain = h.chain AND b.error IS NULL AND b.repository IS NOT NULL
      WHERE h.image = i.image AND b.image <> i.image
    )
) u
JOIN (
  SELECT x.base FROM (
    SELECT b.repository AS base, b.chain AS version FROM images b
    WHERE b.error IS NULL AND b.repository IS NOT NULL AND b.chain IS NOT NULL
    UNION
    SELECT
      regexp_replace(i.labels['org.opencontainers.image.base.name'], '(:[^:/]+)?(@.*)?$', '') AS base,
      coalesce(i.labels['org.opencontainers.image.base.digest'], i.labels['org.opencontainers.image.base.name']) AS version
    FROM images i
    WHERE i.error IS NULL AND i.labels['org.opencontainers.image.base.name'] IS NOT NULL
  ) x
  GROUP BY x.base
  HAVING count(DISTINCT x.version) > 1
) several ON several.base = u.base
GROUP BY u.base, u.version
ORDER BY 1, 3 DESC, 2
