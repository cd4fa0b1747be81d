-- How the tags of a name grew, oldest first.
-- :repository  a name without a tag: nginx, ghcr.io/owner/app
SELECT
  i.tag,
  i.platform,
  i.created,
  l.layers,
  i.blobBytes,
  i.finalBytes,
  i.finalBytes - lag(i.finalBytes) OVER (
    PARTITION BY i.platform ORDER BY i.created NULLS LAST, i.tag NULLS LAST, i.image
  ) AS grownBytes,
  i.wastedBytes
FROM images i
LEFT JOIN (SELECT image, count(layer) AS layers FROM history GROUP BY image) l ON l.image = i.image
WHERE i.error IS NULL
  AND i.repository IN (:repository, concat('docker.io/', :repository), concat('docker.io/library/', :repository))
ORDER BY 2, 3 NULLS LAST, 1 NULLS LAST, i.image
