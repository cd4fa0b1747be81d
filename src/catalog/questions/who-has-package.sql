-- Images that have a package installed.
-- :name         its name; % stands for anything. For Maven’s GROUP:ARTIFACT, the artifact is enough
-- :version = %  its version; % stands for anything
SELECT
  coalesce(i.reference, i.source) AS image,
  i.platform,
  p.type,
  p.name,
  p.version,
  p.arch,
  p.layerIndex,
  p.location
FROM packages p
JOIN images i ON i.image = p.image AND i.error IS NULL
WHERE (
    p.name LIKE replace(replace(:name, '!', '!!'), '_', '!_') ESCAPE '!'
    OR p.name LIKE concat('%:', replace(replace(:name, '!', '!!'), '_', '!_')) ESCAPE '!'
  )
  AND p.version LIKE replace(replace(:version, '!', '!!'), '_', '!_') ESCAPE '!'
ORDER BY 1, 2, 3, 4, 5, 6 NULLS LAST, 7, 8 NULLS LAST
