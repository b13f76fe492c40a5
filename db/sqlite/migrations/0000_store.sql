CREATE TABLE `audit` (
	`seq` integer PRIMARY KEY NOT NULL,
	`kind` text NOT NULL,
	`at` integer NOT NULL,
	`request_id` text NOT NULL,
	`organization_id` text,
	`tier` text NOT NULL,
	`key_id` text,
	`key_prefix` text,
	`user_id` text,
	`created_by` text,
	`on_behalf_of` text,
	`method` text NOT NULL,
	`target` text NOT NULL,
	`tool` text,
	`status` integer NOT NULL,
	`error_code` text,
	`duration_ms` integer NOT NULL,
	`client_address` text,
	`client_name` text,
	`era` text,
	`change` text,
	`hash` text NOT NULL
);
--> statement-breakpoint
CREATE INDEX `audit_by_organization` ON `audit` (`organization_id`,`seq`,`at`);--> statement-breakpoint
CREATE INDEX `audit_by_key` ON `audit` (`organization_id`,`key_prefix`);--> statement-breakpoint
CREATE INDEX `audit_by_tool` ON `audit` (`organization_id`,`tool`) WHERE tool IS NOT NULL;--> statement-breakpoint
CREATE INDEX `audit_by_code` ON `audit` (`organization_id`,`error_code`) WHERE error_code IS NOT NULL;--> statement-breakpoint
CREATE TABLE `canonical_sets` (
	`version` integer PRIMARY KEY NOT NULL,
	`scopes` text NOT NULL,
	`created_at` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `keys` (
	`id` text PRIMARY KEY NOT NULL,
	`organization_id` text NOT NULL,
	`hash` blob NOT NULL,
	`name` text NOT NULL,
	`prefix` text NOT NULL,
	`scope_type` text NOT NULL,
	`user_id` text,
	`scopes` text NOT NULL,
	`scope_source` text NOT NULL,
	`canonical_version` integer,
	`restrictions` text,
	`is_default` integer NOT NULL,
	`owner` text NOT NULL,
	`purpose` text,
	`created_by` text NOT NULL,
	`created_at` integer NOT NULL,
	`expires_at` integer,
	`last_used_at` integer,
	`revoked_at` integer,
	`revoked_by` text,
	`replaced_by` text,
	`replaces` text,
	`grace_until` integer,
	FOREIGN KEY (`organization_id`) REFERENCES `organizations`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`canonical_version`) REFERENCES `canonical_sets`(`version`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `keys_hash_unique` ON `keys` (`hash`);--> statement-breakpoint
CREATE UNIQUE INDEX `keys_prefix_unique` ON `keys` (`prefix`);--> statement-breakpoint
CREATE INDEX `keys_by_organization` ON `keys` (`organization_id`,`id`);--> statement-breakpoint
CREATE INDEX `keys_by_creator` ON `keys` (`organization_id`,`created_by`,`id`);--> statement-breakpoint
CREATE UNIQUE INDEX `keys_default` ON `keys` (`organization_id`) WHERE is_default = 1;--> statement-breakpoint
CREATE TABLE `organizations` (
	`id` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`external_id` text,
	`status` text NOT NULL,
	`created_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `organizations_external_id_unique` ON `organizations` (`external_id`);--> statement-breakpoint
CREATE TABLE `secrets` (
	`name` text PRIMARY KEY NOT NULL,
	`value` blob NOT NULL,
	`created_at` integer NOT NULL
);
