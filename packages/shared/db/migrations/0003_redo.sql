CREATE TABLE "redo" (
	"partition" smallint NOT NULL,
	"first_offset" bigint NOT NULL,
	"next_offset" bigint NOT NULL,
	"now" timestamp (3) with time zone NOT NULL,
	"tail" "bytea" NOT NULL,
	CONSTRAINT "redo_partition_first_offset_pk" PRIMARY KEY("partition","first_offset")
);
