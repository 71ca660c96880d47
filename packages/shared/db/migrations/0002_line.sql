CREATE TABLE "line" (
	"is_only" boolean PRIMARY KEY DEFAULT true NOT NULL,
	"topic" text NOT NULL,
	"line_id" text NOT NULL,
	CONSTRAINT "line_is_only" CHECK ("line"."is_only")
);
