-- Images that could not be read, and why.
SELECT source, reference, platform, error, message
FROM images
WHERE error IS NOT NULL
ORDER BY 1, 2 NULLS LAST, 3 NULLS LAST
