CREATE TABLE "bookings" (
	"id" uuid PRIMARY KEY NOT NULL,
	"show_id" uuid NOT NULL,
	"partition" smallint NOT NULL,
	"line_offset" bigint NOT NULL,
	"request_hash" "bytea" NOT NULL,
	"customer" text,
	"wants" json NOT NULL,
	"confirm_now" boolean NOT NULL,
	"status" text NOT NULL,
	"reason" text,
	"facts" json,
	"want" smallint,
	"seats" integer[] NOT NULL,
	"standing" json NOT NULL,
	"returned" integer[] NOT NULL,
	"price" bigint,
	"prices" json,
	"payment" text,
	"rescued" boolean NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"decided_at" timestamp (3) with time zone NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL,
	"expires_at" timestamp (3) with time zone,
	"hold_limit" timestamp (3) with time zone,
	"confirmed_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "customers" (
	"show_id" uuid NOT NULL,
	"customer" text NOT NULL,
	"places" integer NOT NULL,
	"holds" integer NOT NULL,
	CONSTRAINT "customers_show_id_customer_pk" PRIMARY KEY("show_id","customer"),
	CONSTRAINT "customers_not_negative" CHECK ("customers"."places" >= 0 and "customers"."holds" >= 0)
);
--> statement-breakpoint
CREATE TABLE "dead_letters" (
	"partition" smallint NOT NULL,
	"line_offset" bigint NOT NULL,
	"key" "bytea",
	"value" "bytea",
	"fault" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "dead_letters_partition_line_offset_pk" PRIMARY KEY("partition","line_offset")
);
--> statement-breakpoint
CREATE TABLE "partitions" (
	"partition" smallint PRIMARY KEY NOT NULL,
	"next_offset" bigint NOT NULL,
	"tail" "bytea" NOT NULL,
	"published_offset" bigint NOT NULL,
	"log_clock" timestamp (3) with time zone NOT NULL,
	"last_digest" "bytea"
);
--> statement-breakpoint
CREATE TABLE "records" (
	"partition" smallint NOT NULL,
	"first_offset" bigint NOT NULL,
	"next_offset" bigint NOT NULL,
	"body" text NOT NULL,
	"tail" "bytea" NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "records_partition_first_offset_pk" PRIMARY KEY("partition","first_offset")
);
--> statement-breakpoint
CREATE TABLE "seats" (
	"show_id" uuid NOT NULL,
	"seat_no" integer NOT NULL,
	"booking_id" uuid NOT NULL,
	CONSTRAINT "seats_show_id_seat_no_pk" PRIMARY KEY("show_id","seat_no")
);
--> statement-breakpoint
CREATE TABLE "sections" (
	"show_id" uuid NOT NULL,
	"section" smallint NOT NULL,
	"capacity" integer NOT NULL,
	"held" integer NOT NULL,
	"confirmed" integer NOT NULL,
	CONSTRAINT "sections_show_id_section_pk" PRIMARY KEY("show_id","section"),
	CONSTRAINT "sections_not_oversold" CHECK ("sections"."held" + "sections"."confirmed" <= "sections"."capacity"),
	CONSTRAINT "sections_not_negative" CHECK ("sections"."held" >= 0 and "sections"."confirmed" >= 0)
);
--> statement-breakpoint
CREATE TABLE "shows" (
	"id" uuid PRIMARY KEY NOT NULL,
	"number" integer GENERATED ALWAYS AS IDENTITY (sequence name "shows_number_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 2147483647 START WITH 1 CACHE 1),
	"partition" smallint NOT NULL,
	"line_offset" bigint NOT NULL,
	"name" text NOT NULL,
	"starts_at" timestamp (3) with time zone NOT NULL,
	"layout" jsonb NOT NULL,
	"rules" jsonb NOT NULL,
	"opens_at" timestamp (3) with time zone,
	"closes_at" timestamp (3) with time zone,
	"sale" text NOT NULL,
	"archived" boolean NOT NULL,
	"request_hash" "bytea" NOT NULL,
	"capacity" integer NOT NULL,
	"free" integer NOT NULL,
	"held" integer NOT NULL,
	"confirmed" integer NOT NULL,
	"version" bigint NOT NULL,
	"hash" "bytea" NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "shows_number_unique" UNIQUE("number"),
	CONSTRAINT "shows_conservation" CHECK ("shows"."free" + "shows"."held" + "shows"."confirmed" = "shows"."capacity"),
	CONSTRAINT "shows_not_negative" CHECK ("shows"."free" >= 0 and "shows"."held" >= 0 and "shows"."confirmed" >= 0)
);
--> statement-breakpoint
CREATE INDEX "bookings_deadlines" ON "bookings" USING btree ("expires_at","id","show_id") WHERE status in ('PENDING', 'WAITING');--> statement-breakpoint
CREATE INDEX "bookings_show" ON "bookings" USING btree ("show_id","line_offset");