CREATE TABLE `agents` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`organization_id` text NOT NULL,
	`agent_id` text NOT NULL,
	`name` text NOT NULL,
	`age` integer NOT NULL,
	`gender` text NOT NULL,
	`country` text NOT NULL,
	`country_name` text NOT NULL,
	`city` text NOT NULL,
	`occupation` text NOT NULL,
	`occupation_key` text NOT NULL,
	`biography` text NOT NULL,
	`tags` text NOT NULL,
	`organization_token` text NOT NULL
);
--> statement-breakpoint
CREATE INDEX `agents_by_organization` ON `agents` (`organization_id`);--> statement-breakpoint
CREATE INDEX `agents_by_country` ON `agents` (`organization_id`,`country`);--> statement-breakpoint
CREATE UNIQUE INDEX `agents_own_id` ON `agents` (`organization_id`,`agent_id`);--> statement-breakpoint
CREATE TABLE `demo_seeds` (
	`organization_id` text PRIMARY KEY NOT NULL,
	`profile` text NOT NULL,
	`seeded_at_ms` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `jobs` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`organization_id` text NOT NULL,
	`job_id` text NOT NULL,
	`kind` text NOT NULL,
	`status` text NOT NULL,
	`units_done` integer NOT NULL,
	`units_total` integer NOT NULL,
	`study_id` text NOT NULL,
	`created_at_ms` integer NOT NULL,
	`finished_at_ms` integer,
	FOREIGN KEY (`organization_id`,`study_id`) REFERENCES `studies`(`organization_id`,`study_id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `jobs_by_organization` ON `jobs` (`organization_id`);--> statement-breakpoint
CREATE INDEX `jobs_unfinished` ON `jobs` (`id`) WHERE status <> 'completed';--> statement-breakpoint
CREATE UNIQUE INDEX `jobs_own_id` ON `jobs` (`organization_id`,`job_id`);--> statement-breakpoint
CREATE TABLE `research_group_members` (
	`organization_id` text NOT NULL,
	`research_group_id` text NOT NULL,
	`agent_id` text NOT NULL,
	PRIMARY KEY(`organization_id`, `research_group_id`, `agent_id`),
	FOREIGN KEY (`organization_id`,`research_group_id`) REFERENCES `research_groups`(`organization_id`,`research_group_id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`organization_id`,`agent_id`) REFERENCES `agents`(`organization_id`,`agent_id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE TABLE `research_groups` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`organization_id` text NOT NULL,
	`research_group_id` text NOT NULL,
	`name` text NOT NULL,
	`description` text,
	`created_at_ms` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `research_groups_by_organization` ON `research_groups` (`organization_id`);--> statement-breakpoint
CREATE UNIQUE INDEX `research_groups_own_id` ON `research_groups` (`organization_id`,`research_group_id`);--> statement-breakpoint
CREATE TABLE `studies` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`organization_id` text NOT NULL,
	`study_id` text NOT NULL,
	`name` text NOT NULL,
	`objective` text NOT NULL,
	`research_group_id` text NOT NULL,
	`questions` text NOT NULL,
	`status` text NOT NULL,
	`created_at_ms` integer NOT NULL,
	`summary` text,
	FOREIGN KEY (`organization_id`,`research_group_id`) REFERENCES `research_groups`(`organization_id`,`research_group_id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `studies_by_organization` ON `studies` (`organization_id`);--> statement-breakpoint
CREATE UNIQUE INDEX `studies_own_id` ON `studies` (`organization_id`,`study_id`);