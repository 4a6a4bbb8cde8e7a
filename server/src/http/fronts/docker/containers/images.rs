//! The images of all engines.

use super::reference::is_reference;
use crate::http::Problem;
use crate::http::extract::body::With;
use crate::http::extract::query::Query;
use crate::http::fronts::docker::envelope::Data;
use crate::http::fronts::docker::principal::Organiser;
use crate::http::openapi::answers::{Failed, Missing};
use crate::http::problem::Code;
use crate::http::state::{Shared, State};
use actix_web::web::{self, Json};
use challengectl_common::instance::repository;
use challengectl_coordinator::Coordinator;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// An image.
#[derive(Serialize, ToSchema)]
#[schema(as = DockerImage)]
pub struct Image {
    pub name: String,
}

/// The ports of an image.
#[derive(Serialize, ToSchema)]
#[schema(as = DockerImagePorts)]
pub struct ImagePorts {
    /// Always true.
    pub success: bool,
    /// Such as `80/tcp`.
    pub ports: Vec<String>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct OfImage {
    /// The image, by its name.
    #[param(max_length = 255)]
    pub image: Option<String>,
}

/// List the images of all engines that are online.
///
/// If the settings name repositories (`docker.repositories`), only their images.
#[utoipa::path(get, path = "/api/v1/docker", responses((status = OK, body = Data<Vec<Image>>), Failed))]
pub async fn list(
    _: Organiser,
    coordinator: Shared<Coordinator>,
    state: web::Data<State>,
) -> Result<Json<Data<Vec<Image>>>, Problem> {
    let failed = || Problem::new(Code::InternalError).because("Failed to load Docker images");
    let stock = coordinator.instances.stock().await?.ok_or_else(failed)?;
    let wanted = &state.config.docker.repositories;
    let is_wanted = |name: &String| wanted.is_empty() || wanted.iter().any(|it| it == repository(name));
    let names = stock.images.into_keys().filter(is_wanted);
    Ok(Json(Data::new(names.map(|name| Image { name }).collect())))
}

/// List the ports that an image exposes.
#[utoipa::path(get, path = "/api/v1/image_ports", responses((status = OK, body = ImagePorts), Missing))]
pub async fn ports(
    With(_, Query(query)): With<Organiser, Query<OfImage>>,
    coordinator: Shared<Coordinator>,
) -> Result<Json<ImagePorts>, Problem> {
    let image = query.image.filter(|image| !image.is_empty());
    let image = image.ok_or_else(|| Problem::invalid("No image specified"))?;
    if !is_reference(&image) {
        return Err(Problem::invalid("Invalid Docker image name format"));
    }
    let ports = of_image(&image, &coordinator).await?;
    let ports = ports.ok_or_else(|| Problem::new(Code::NotFound).because("Image not found"))?;
    Ok(Json(ImagePorts { success: true, ports }))
}

/// Returns the ports that an image exposes; `None` if no engine that is online has it.
pub async fn of_image(image: &str, coordinator: &Coordinator) -> Result<Option<Vec<String>>, Problem> {
    let stock = coordinator.instances.stock().await?.unwrap_or_default();
    // Engines name an image without a tag by `latest`.
    let found = stock.images.get(image).or_else(|| stock.images.get(&format!("{image}:latest")));
    Ok(found.map(|ports| ports.iter().map(ToString::to_string).collect()))
}
