CREATE TABLE `credential_revision` (
	`id` integer PRIMARY KEY NOT NULL,
	`value` integer NOT NULL
);
--> statement-breakpoint
DROP INDEX `audit_by_organization`;--> statement-breakpoint
DROP INDEX `audit_by_key`;--> statement-breakpoint
DROP INDEX `audit_by_tool`;--> statement-breakpoint
DROP INDEX `audit_by_code`;--> statement-breakpoint
CREATE INDEX `audit_by_segment` ON `audit` ((seq >> 7),`organization_id`,`seq`,`at`,`key_prefix`,`tool`,`error_code`);