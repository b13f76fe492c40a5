CREATE TABLE `host_grants` (
	`key_id` text NOT NULL,
	`organization_id` text NOT NULL,
	`created_at` integer NOT NULL,
	PRIMARY KEY(`key_id`, `organization_id`),
	FOREIGN KEY (`key_id`) REFERENCES `keys`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`organization_id`) REFERENCES `organizations`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE TABLE `latches` (
	`name` text PRIMARY KEY NOT NULL
);
--> statement-breakpoint
PRAGMA foreign_keys=OFF;--> statement-breakpoint
CREATE TABLE `__new_keys` (
	`id` text PRIMARY KEY NOT NULL,
	`organization_id` text,
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
	`last_client` text,
	`held_at` integer,
	`removed_at` integer,
	FOREIGN KEY (`organization_id`) REFERENCES `organizations`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`canonical_version`) REFERENCES `canonical_sets`(`version`) ON UPDATE no action ON DELETE no action,
	CONSTRAINT "keys_host" CHECK((scope_type = 'host') = (organization_id IS NULL))
);
--> statement-breakpoint
INSERT INTO `__new_keys`("id", "organization_id", "hash", "name", "prefix", "scope_type", "user_id", "scopes", "scope_source", "canonical_version", "restrictions", "is_default", "owner", "purpose", "created_by", "created_at", "expires_at", "last_used_at", "revoked_at", "revoked_by", "replaced_by", "replaces", "grace_until", "last_client", "held_at", "removed_at") SELECT "id", "organization_id", "hash", "name", "prefix", "scope_type", "user_id", "scopes", "scope_source", "canonical_version", "restrictions", "is_default", "owner", "purpose", "created_by", "created_at", "expires_at", "last_used_at", "revoked_at", "revoked_by", "replaced_by", "replaces", "grace_until", "last_client", "held_at", "removed_at" FROM `keys`;--> statement-breakpoint
DROP TABLE `keys`;--> statement-breakpoint
ALTER TABLE `__new_keys` RENAME TO `keys`;--> statement-breakpoint
PRAGMA foreign_keys=ON;--> statement-breakpoint
CREATE UNIQUE INDEX `keys_hash_unique` ON `keys` (`hash`);--> statement-breakpoint
CREATE UNIQUE INDEX `keys_prefix_unique` ON `keys` (`prefix`);--> statement-breakpoint
CREATE INDEX `keys_by_organization` ON `keys` (`organization_id`,`id`);--> statement-breakpoint
CREATE INDEX `keys_by_creator` ON `keys` (`organization_id`,`created_by`,`id`);--> statement-breakpoint
CREATE UNIQUE INDEX `keys_default` ON `keys` (`organization_id`) WHERE is_default = 1;--> statement-breakpoint
INSERT INTO `latches` (`name`) SELECT 'bootstrap' WHERE EXISTS (SELECT 1 FROM `keys`);
