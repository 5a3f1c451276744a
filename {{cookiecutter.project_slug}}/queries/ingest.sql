-- What the pipeline reads. The same text runs on Athena and on the local lake; ${table} is data.table of
-- conf/pipeline.yaml. Which of the columns are used, and how, is said there too.
SELECT *
FROM ${table}
WHERE median_house_value IS NOT NULL
